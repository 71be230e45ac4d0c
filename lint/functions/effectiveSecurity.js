// What truly guards each operation: what may be called anonymously or without a permission says why, refusals are
// declared, and a cookie opens no operation that changes something without a defence against forged requests.

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

export default function effectiveSecurity(document) {
  const schemes = document.components?.securitySchemes ?? {};
  return operations(document).flatMap(({ operation, method, path }) => {
    const alternatives = operation.security ?? document.security ?? [];
    return complaints(operation, method, alternatives, schemes).map((message) => ({ message, path }));
  });
}

function operations(document) {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      operation: item[method],
      method,
      path: ['paths', path, method],
    })),
  );
}

function complaints(operation, method, alternatives, schemes) {
  const found = [];
  const open = Boolean(operation['x-open']);
  const anonymous = alternatives.length === 0 || alternatives.some((one) => Object.keys(one).length === 0);
  if (anonymous && !open) found.push('The operation may be called without a credential, and x-open does not say why.');
  if (!open && alternatives.some((one) => permissions(one, operation).length === 0)) {
    found.push('The operation names no scope and no permission that a caller needs, and x-open does not say why.');
  }
  for (const status of anonymous ? [] : ['401', '403']) {
    if (!operation.responses?.[status]) found.push(`The operation is secured but declares no ${status}.`);
  }
  const cookie = alternatives.some((one) => Object.keys(one).some((name) => schemes[name]?.in === 'cookie'));
  if (method !== 'get' && cookie && !operation['x-forgery-defence']) {
    found.push('The operation changes something and takes a cookie: x-forgery-defence must say what guards it.');
  }
  return found;
}

function permissions(alternative, operation) {
  return [...Object.values(alternative).flat(), ...(operation['x-permissions'] ?? [])];
}
