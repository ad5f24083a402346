import { makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'

const useStyles = makeStyles({
  // A live region must be rendered before its content changes; while it is empty it takes no space.
  region: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, ':empty': { display: 'none' } },
})

/** A screen reader announces whatever appears here. With `urgent`, it interrupts what it is reading. */
export function LiveRegion({ urgent = false, children }: { urgent?: boolean; children: ReactNode }) {
  return (
    <div aria-live={urgent ? 'assertive' : 'polite'} className={useStyles().region}>
      {children}
    </div>
  )
}
