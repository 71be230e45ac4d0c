// A link names an operation that exists, gives it parameters that it takes, all that its path needs, and takes their
// values from well-formed runtime expressions.

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const SOURCE = `(header\\.${TOKEN}|query\\.\\S+|path\\.\\S+|body(#(/\\S*)?)?)`;
const EXPRESSION = new RegExp(`^\\$(url|method|statusCode|(request|response)\\.${SOURCE})$`);

export default function links(document) {
  const takes = parametersByOperation(document);
  return Object.entries(document.components?.links ?? {}).flatMap(([name, link]) =>
    complaints(link, takes).map((message) => ({ message, path: ['components', 'links', name] })),
  );
}

function parametersByOperation(document) {
  const takes = new Map();
  for (const item of Object.values(document.paths ?? {})) {
    for (const method of METHODS.filter((name) => item[name])) {
      takes.set(item[method].operationId, [...(item.parameters ?? []), ...(item[method].parameters ?? [])]);
    }
  }
  return takes;
}

function complaints(link, takes) {
  const parameters = takes.get(link.operationId);
  if (!parameters) return [`The link names ${link.operationId}, which is no operation.`];
  const given = Object.entries(link.parameters ?? {});
  const needed = parameters.filter((one) => one.in === 'path' && !(one.name in (link.parameters ?? {})));
  return [
    ...needed.map((one) => `The link does not give ${one.name}, which ${link.operationId} needs.`),
    ...given
      .filter(([name]) => !parameters.some((one) => one.name === name))
      .map(([name]) => `The link gives ${name}, which ${link.operationId} does not take.`),
    ...given
      .filter(([, value]) => typeof value === 'string' && value.startsWith('$') && !EXPRESSION.test(value))
      .map(([, value]) => `${value} is no runtime expression.`),
  ];
}
