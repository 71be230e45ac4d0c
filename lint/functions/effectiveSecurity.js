// What truly guards each operation: nothing may be called anonymously or without naming a permission, refusals are
// declared, and a cookie never opens an operation that changes something.

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
  if (alternatives.length === 0 || alternatives.some((one) => Object.keys(one).length === 0)) {
    found.push('The operation may be called without a credential.');
  }
  if (alternatives.some((one) => permissions(one, operation).length === 0)) {
    found.push('The operation names no scope and no permission that a caller needs.');
  }
  for (const status of ['401', '403']) {
    if (!operation.responses?.[status]) found.push(`The operation is secured but declares no ${status}.`);
  }
  if (method !== 'get' && alternatives.some((one) => Object.keys(one).some((name) => schemes[name]?.in === 'cookie'))) {
    found.push('The operation changes something and takes a cookie: it needs a defence against forged requests.');
  }
  return found;
}

function permissions(alternative, operation) {
  return [...Object.values(alternative).flat(), ...(operation['x-permissions'] ?? [])];
}
