import { tokens } from '@fluentui/react-components'

/** Styles that take something off the screen, and not away from screen readers as `display: none` does. */
export const VISUALLY_HIDDEN = {
  position: 'absolute',
  width: '1px',
  height: '1px',
  margin: 0,
  overflow: 'hidden',
  clipPath: 'inset(50%)',
} as const

/** A coloured edge where a line begins. It also marks with forced colours, which remove backgrounds. */
export function startEdge(width: string, color: string) {
  return { borderInlineStartWidth: width, borderInlineStartStyle: 'solid', borderInlineStartColor: color } as const
}

/** What stands out from the page as one of its parts. */
export const CARD = {
  display: 'flex',
  flexDirection: 'column',
  gap: tokens.spacingVerticalL,
  padding: tokens.spacingHorizontalXL,
  borderRadius: tokens.borderRadiusXLarge,
  border: `1px solid ${tokens.colorTransparentStroke}`,
  backgroundColor: tokens.colorNeutralBackground1,
  boxShadow: tokens.shadow2,
  overflowWrap: 'anywhere', // an address may have 254 characters and no place to break
  '@media (max-width: 640px)': { padding: tokens.spacingHorizontalL },
} as const
