import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'

/** By the room that is left for the table, not by the screen: the menu takes some of it. */
const useFewColumnStyles = makeStyles(stylesUnless('600px'))
const useManyColumnStyles = makeStyles(stylesUnless('860px'))

export interface Column<Row> {
  readonly name: string
  readonly cell: (row: Row) => ReactNode
  /**
   * `main`: what a row is known by, never squeezed for the others. `keep`: its words stay in one line. `code`: words too
   * long to be squeezed. `actions`: what can be done with the row.
   */
  readonly kind?: 'main' | 'keep' | 'code' | 'actions'
}

interface Props<Row> {
  /** What the table holds, for a screen reader. */
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row, index: number) => string
}

/** Rows under columns; where there is little room each row is a block of its own, with the names beside the values. */
export function DataTable<Row>({ label, columns, rows, rowKey }: Props<Row>) {
  const fewColumnStyles = useFewColumnStyles()
  const manyColumnStyles = useManyColumnStyles()
  const manyText = columns.some(({ kind }) => kind === 'main' || kind === 'code')
  const styles = manyText ? manyColumnStyles : fewColumnStyles
  return (
    <div className={styles.room}>
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
          {rows.map((row, index) => (
            <tr key={rowKey(row, index)} className={styles.row}>
              {columns.map(({ name, cell, kind }) => (
                <td key={name} data-name={name} className={mergeClasses(styles.cell, kind && styles[kind])}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The looks of a table, which becomes blocks unless it has that much room. */
function stylesUnless(room: string) {
  const narrow = `@container (max-width: ${room})` as const
  return {
    room: { containerType: 'inline-size' },
    table: { width: '100%', borderCollapse: 'collapse', [narrow]: { display: 'block' } },
    head: {
      // Out of sight, not out of the table: the cells carry their names there.
      [narrow]: { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' },
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
      textAlign: 'left',
      whiteSpace: 'nowrap',
      fontWeight: tokens.fontWeightRegular,
      color: tokens.colorNeutralForeground2,
      padding: `0 ${tokens.spacingHorizontalL} ${tokens.spacingVerticalS} 0`,
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    },
    cell: {
      verticalAlign: 'top',
      padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalL} ${tokens.spacingVerticalM} 0`,
      ':last-child': { paddingRight: 0 },
      [narrow]: {
        display: 'grid',
        gridTemplateColumns: '96px minmax(0, 1fr)',
        columnGap: tokens.spacingHorizontalM,
        padding: 0,
        '::before': { content: 'attr(data-name)', color: tokens.colorNeutralForeground2 },
      },
    },
    // Else a long word would be broken for the sake of a wider neighbour.
    code: { minWidth: '150px' },
    main: { minWidth: '220px', [narrow]: { minWidth: 0 } },
    keep: { whiteSpace: 'nowrap', [narrow]: { whiteSpace: 'normal' } },
    actionsName: { textAlign: 'right', paddingRight: 0 },
    actions: {
      textAlign: 'right',
      whiteSpace: 'nowrap',
      [narrow]: { display: 'block', textAlign: 'left', '::before': { content: 'none' } },
    },
  } satisfies Parameters<typeof makeStyles>[0]
}
