// An object with named members says whether it takes others too, and takes none unless its component is free by design.

export default function closedObject(schema, { free = [] }, { path }) {
  if (schema.type !== 'object' || !schema.properties) return [];
  const component = path[path.indexOf('schemas') + 1];
  const wanted = path.includes('schemas') && free.includes(component);
  if (schema.additionalProperties === wanted) return [];
  return [{ message: `The object must say additionalProperties: ${wanted}.` }];
}
