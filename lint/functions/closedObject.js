// An object with named members says whether it takes others too, and takes none unless it is free by design.

export default function closedObject(schema, { free = [] }, { path }) {
  if (schema.type !== 'object' || !schema.properties) return [];
  const name = path[path.length - 1];
  const wanted = path[path.length - 2] === 'schemas' && free.includes(name);
  if (schema.additionalProperties === wanted) return [];
  return [{ message: `The object must say additionalProperties: ${wanted}.` }];
}
