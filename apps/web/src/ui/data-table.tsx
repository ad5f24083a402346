import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import { Paragraph, Surface } from './layout.tsx'
import { VISUALLY_HIDDEN } from './styles.ts'
import { LocalTime } from './values.tsx'

// Container queries rather than media queries: the menu takes part of the window's width.
const useFewColumnStyles = makeStyles(tableStyles('600px'))
const useManyColumnStyles = makeStyles(tableStyles('860px'))

export interface Column<Row> {
  readonly name: string
  readonly cell: (row: Row) => ReactNode
  /**
   * `main` identifies the row and keeps its width; `keep` never wraps; `code` holds long unbreakable text; `actions` holds
   * the buttons of the row.
   */
  readonly kind?: 'main' | 'keep' | 'code' | 'actions'
}

interface Props<Row> {
  title: string
  /** Names the table for screen readers. */
  label?: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  /** What is said while there are no rows, in place of a table. */
  empty?: { readonly title: string; readonly text: string }
}

/** A column of moments; `otherwise` stands where there is none. */
export function timeColumn<Row>(name: string, at: (row: Row) => string | null, otherwise = ''): Column<Row> {
  const cell = (row: Row) => {
    const time = at(row)
    return time === null ? otherwise : <LocalTime at={time} format="short" />
  }
  return { name, kind: 'keep', cell }
}

/** A section with a table. In little space each row becomes a block with the column names beside the values. */
export function TableSurface<Row extends { readonly id: string }>(props: Props<Row>) {
  const { title, label = title, columns, rows, empty } = props
  const fewColumnStyles = useFewColumnStyles()
  const manyColumnStyles = useManyColumnStyles()
  const isWide = columns.some(({ kind }) => kind === 'main' || kind === 'code')
  const styles = isWide ? manyColumnStyles : fewColumnStyles
  if (rows.length === 0 && empty)
    return (
      <Surface title={empty.title}>
        <Paragraph narrow>{empty.text}</Paragraph>
      </Surface>
    )
  return (
    <Surface title={title}>
      <div className={styles.container}>
        <table aria-label={label} className={styles.table}>
          <thead className={styles.head}>
            <tr>
              {columns.map(({ name, kind }) => (
                <th
                  key={name}
                  scope="col"
                  className={mergeClasses(styles.name, kind === 'actions' && styles.actionsName)}
                >
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody className={styles.body}>
            {rows.map((row) => (
              <tr key={row.id} className={styles.row}>
                {columns.map(({ name, cell, kind }) => (
                  <td key={name} data-name={name} className={mergeClasses(styles.cell, kind && styles[kind])}>
                    {/* One box, since what stands beside the name of the column would be placed part by part. */}
                    <div className={kind === 'actions' ? styles.buttons : undefined}>{cell(row)}</div>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Surface>
  )
}

/** The styles of a table whose rows become blocks when it is narrower than `width`. */
function tableStyles(width: string) {
  const narrow = `@container (max-width: ${width})` as const
  return {
    container: { containerType: 'inline-size' },
    table: { width: '100%', borderCollapse: 'collapse', [narrow]: { display: 'block' } },
    head: {
      // Each cell shows the name of its column instead.
      [narrow]: VISUALLY_HIDDEN,
    },
    body: { [narrow]: { display: 'block' } },
    row: {
      borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
      ':first-child': { borderTopStyle: 'none' },
      [narrow]: {
        display: 'grid',
        gap: tokens.spacingVerticalS,
        padding: `${tokens.spacingVerticalM} 0`,
        ':first-child': { paddingTop: 0 },
        ':last-child': { paddingBottom: 0 },
      },
    },
    name: {
      textAlign: 'start',
      whiteSpace: 'nowrap',
      fontWeight: tokens.fontWeightRegular,
      color: tokens.colorNeutralForeground2,
      paddingBlock: `0 ${tokens.spacingVerticalS}`,
      paddingInline: `0 ${tokens.spacingHorizontalL}`,
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    },
    cell: {
      verticalAlign: 'top',
      paddingBlock: tokens.spacingVerticalM,
      paddingInline: `0 ${tokens.spacingHorizontalL}`,
      ':last-child': { paddingInlineEnd: 0 },
      [narrow]: {
        display: 'grid',
        gridTemplateColumns: '120px minmax(0, 1fr)',
        columnGap: tokens.spacingHorizontalM,
        paddingBlock: 0,
        paddingInline: 0,
        '::before': { content: 'attr(data-name)', color: tokens.colorNeutralForeground2 },
      },
    },
    // Otherwise a wider neighbour forces a break within a long word.
    code: { minWidth: '150px' },
    main: { minWidth: '220px', [narrow]: { minWidth: 0 } },
    keep: { whiteSpace: 'nowrap', [narrow]: { whiteSpace: 'normal' } },
    buttons: { display: 'inline-flex', gap: tokens.spacingHorizontalS },
    actionsName: { textAlign: 'end', paddingInlineEnd: 0 },
    actions: {
      textAlign: 'end',
      whiteSpace: 'nowrap',
      [narrow]: { display: 'block', textAlign: 'start', '::before': { content: 'none' } },
    },
  } satisfies Parameters<typeof makeStyles>[0]
}
