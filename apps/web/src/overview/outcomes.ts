import { tokens } from '@fluentui/react-components'
import type { OutcomeCounts } from '@inforiver-mail/contract/overview'

/** The outcomes that charts and tables show, from the bottom of a bar to its top. */
export const OUTCOMES = [
  { outcome: 'sent', color: tokens.colorPaletteGreenBorderActive },
  { outcome: 'failed', color: tokens.colorPaletteRedBorderActive },
  { outcome: 'held', color: tokens.colorPaletteMarigoldBorderActive },
  { outcome: 'bounced', color: tokens.colorPaletteBerryBorderActive },
] as const satisfies readonly { outcome: Exclude<keyof OutcomeCounts, 'at'>; color: string }[]
