// A format belongs to its type, and is written out as a pattern beside it: few validators assert formats.

const FORMATS = {
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
  string: ['date-time', 'uri-reference', 'uuid'],
};

export default function formatOfType({ type, format, pattern }) {
  if (!format) return [];
  if (!FORMATS[type]?.includes(format)) return [{ message: `The format ${format} is not one for the type ${type}.` }];
  if (type === 'string' && !pattern) return [{ message: `The format ${format} has no pattern beside it.` }];
  return [];
}
