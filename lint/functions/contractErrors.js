// Every error of an operation has a body, and it is its contract's own: the one that its schema is named for.

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

export default function contractErrors(document, { bodies }) {
  const resolve = (node) => (node?.$ref ? resolve(follow(document, node.$ref)) : node);
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).flatMap((method) => {
      const { responses, 'x-contract': contract } = item[method];
      return Object.entries(responses)
        .filter(([status, response]) => /^[45]/.test(status) && !fits(resolve(response), bodies[contract] ?? {}))
        .map(([status]) => ({
          message: `An error of ${contract} has no body but ${JSON.stringify(bodies[contract])}.`,
          path: ['paths', path, method, 'responses', status],
        }));
    }),
  );
}

function follow(document, reference) {
  const names = reference.replace('#/', '').split('/');
  return names.reduce((node, name) => node[name.replace(/~1/g, '/').replace(/~0/g, '~')], document);
}

function fits(response, allowed) {
  const content = Object.entries(response.content ?? {});
  return content.length > 0 && content.every(([type, media]) => allowed[type]?.includes(name(media.schema?.$ref)));
}

function name(reference = '') {
  return reference.replace('#/components/schemas/', '');
}
