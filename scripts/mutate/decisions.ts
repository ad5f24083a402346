/** The files that decide what becomes of a message. Each has its tests beside it. */
export const DECISIONS = [
  'apps/api/src/delivery/plan-settlement.ts',
  'apps/api/src/queue/owner/next.ts',
  'apps/api/src/queue/reports/merge-outcome.ts',
  'packages/contract/src/allowed-domains.ts',
  'packages/m365/src/mailer/classify-failure.ts',
  'packages/m365/src/mailer/delivery-report.ts',
  'packages/m365/src/mailer/request-sizes.ts',
  'packages/m365/src/mailer/size-plan.ts',
]
