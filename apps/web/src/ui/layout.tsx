import { makeStyles, mergeClasses, tokens, typographyStyles } from '@fluentui/react-components'
import { type ReactNode, useId } from 'react'
import { CARD } from './styles.ts'

const useStyles = makeStyles({
  surface: CARD,
  title: { ...typographyStyles.subtitle2, margin: 0 },
  paragraph: { margin: 0 },
  muted: { color: tokens.colorNeutralForeground2 },
  narrow: { maxWidth: '640px' },
  buttons: { display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: tokens.spacingHorizontalM },
})

interface Props {
  title: string
  /** The level of the heading: 3 inside a section whose own is 2. */
  level?: 2 | 3
  children: ReactNode
}

/** Renders a section of a page, with its own heading. */
export function Surface({ title, level = 2, children }: Props) {
  const styles = useStyles()
  const Heading = `h${level}` as const
  const titleId = useId()
  return (
    <section className={styles.surface} aria-labelledby={titleId}>
      <Heading id={titleId} className={styles.title}>
        {title}
      </Heading>
      {children}
    </section>
  )
}

interface ParagraphProps {
  /** It matters less than what is around it. */
  muted?: boolean
  /** Its lines are kept short, where it has the width of a page. */
  narrow?: boolean
  role?: 'alert'
  children: ReactNode
}

export function Paragraph({ muted = false, narrow = false, role, children }: ParagraphProps) {
  const styles = useStyles()
  return (
    <p role={role} className={mergeClasses(styles.paragraph, muted && styles.muted, narrow && styles.narrow)}>
      {children}
    </p>
  )
}

/** Buttons, and what is said of them, beside each other. */
export function ButtonRow({ children }: { children: ReactNode }) {
  return <div className={useStyles().buttons}>{children}</div>
}
