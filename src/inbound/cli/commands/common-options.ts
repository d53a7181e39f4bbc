/* Options and arguments that several families of commands take. */

export const json = { value: null, about: 'Print one JSON document.' } as const;

export const by = {
  value: 'NAME',
  about: "Who does it, for the audit log. Default: the name of the machine's user.",
} as const;

export const merchantOfOrder = {
  value: 'ID',
  about: 'The merchant that it is for, with a key of the acquirer or of a channel.',
} as const;
