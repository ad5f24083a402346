import { makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'

const useStyles = makeStyles({
  // A live region has to be there before it has something to say; empty, it takes no gap.
  news: { display: 'flex', flexDirection: 'column', gap: tokens.spacingVerticalM, ':empty': { display: 'none' } },
})

/** Where a page tells what has happened, so that a screen reader says it. `urgent`: it may interrupt. */
export function LiveRegion({ urgent = false, children }: { urgent?: boolean; children: ReactNode }) {
  return (
    <div aria-live={urgent ? 'assertive' : 'polite'} className={useStyles().news}>
      {children}
    </div>
  )
}
