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
