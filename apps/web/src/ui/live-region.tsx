import { makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { VISUALLY_HIDDEN } from './visually-hidden.ts'

const useStyles = makeStyles({
  // A live region must be in the accessibility tree before its content changes; while it is empty it takes no space.
  region: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, ':empty': VISUALLY_HIDDEN },
})

/** A screen reader announces whatever appears here. With `urgent`, it interrupts what it is reading. */
export function LiveRegion({ urgent = false, children }: { urgent?: boolean; children: ReactNode }) {
  return (
    <div aria-live={urgent ? 'assertive' : 'polite'} className={useStyles().region}>
      {children}
    </div>
  )
}
