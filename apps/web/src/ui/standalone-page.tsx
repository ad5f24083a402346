import { makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import mark from './mark.svg'

const useStyles = makeStyles({
  page: {
    flex: 1,
    boxSizing: 'border-box',
    display: 'flex',
    justifyContent: 'center',
    alignItems: 'flex-start',
    padding: `min(15vh, 160px) ${tokens.spacingHorizontalL} ${tokens.spacingVerticalXXL}`,
  },
  panel: {
    boxSizing: 'border-box',
    width: '100%',
    maxWidth: '480px',
    display: 'flex',
    flexDirection: 'column',
    alignItems: 'flex-start',
    gap: tokens.spacingVerticalL,
    padding: tokens.spacingHorizontalXXL,
    borderRadius: tokens.borderRadiusXLarge,
    border: `1px solid ${tokens.colorTransparentStroke}`,
    backgroundColor: tokens.colorNeutralBackground1,
    boxShadow: tokens.shadow8,
  },
})

/** Renders a page without the frame of the app, such as the sign-in page: one panel. */
export function StandalonePage({ children }: { children: ReactNode }) {
  const styles = useStyles()
  return (
    <main className={styles.page}>
      <div className={styles.panel}>
        <img src={mark} alt="" width={40} height={40} />
        {children}
      </div>
    </main>
  )
}
