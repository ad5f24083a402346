export const codes = {
  'codes.microsoft': "Microsoft's code: {code}",
} as const
