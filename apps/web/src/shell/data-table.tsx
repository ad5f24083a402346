import { makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'

const NARROW = '@media (max-width: 900px)'

const useStyles = makeStyles({
  table: { width: '100%', borderCollapse: 'collapse', [NARROW]: { display: 'block' } },
  head: {
    // Out of sight, not out of the table: the cells carry their names there.
    [NARROW]: { position: 'absolute', width: '1px', height: '1px', overflow: 'hidden', clipPath: 'inset(50%)' },
  },
  body: { [NARROW]: { display: 'block' } },
  row: {
    borderTop: `1px solid ${tokens.colorNeutralStroke2}`,
    ':first-child': { borderTopStyle: 'none' },
    [NARROW]: { display: 'grid', gap: tokens.spacingVerticalS, padding: `${tokens.spacingVerticalM} 0` },
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
    [NARROW]: {
      display: 'grid',
      gridTemplateColumns: '96px minmax(0, 1fr)',
      columnGap: tokens.spacingHorizontalM,
      padding: 0,
      '::before': { content: 'attr(data-name)', color: tokens.colorNeutralForeground2 },
    },
  },
  // Else a long word would be broken for the sake of a wider neighbour.
  code: { minWidth: '150px' },
  keep: { whiteSpace: 'nowrap', [NARROW]: { whiteSpace: 'normal' } },
  actions: {
    textAlign: 'right',
    [NARROW]: { display: 'block', textAlign: 'left', '::before': { content: 'none' } },
  },
})

export interface Column<Row> {
  readonly name: string
  readonly cell: (row: Row) => ReactNode
  /** `keep`: its words stay in one line. `code`: words too long to be squeezed. `actions`: what can be done with the row. */
  readonly kind?: 'keep' | 'code' | 'actions'
}

interface Props<Row> {
  /** What the table holds, for a screen reader. */
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row, index: number) => string
}

/** Rows under columns; on a narrow screen each row is a block of its own, with the names beside the values. */
export function DataTable<Row>({ label, columns, rows, rowKey }: Props<Row>) {
  const styles = useStyles()
  return (
    <table aria-label={label} className={styles.table}>
      <thead className={styles.head}>
        <tr>
          {columns.map(({ name }) => (
            <th key={name} scope="col" className={styles.name}>
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
  )
}
