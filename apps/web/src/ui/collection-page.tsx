import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { AddRegular } from '@fluentui/react-icons/svg/add'
import type { ReactNode } from 'react'
import { type Column, DataTable } from './data-table.tsx'
import { useTranslate } from '../language/language.tsx'
import { FailureBar, LiveRegion } from './notice.tsx'
import { type Freshness, Page, PageIntro, TenantSettingsLink } from './page.tsx'
import { Surface } from './surface.tsx'

const useStyles = makeStyles({
  text: { margin: 0, maxWidth: '640px' },
  hint: { margin: 0, maxWidth: '640px', color: tokens.colorNeutralForeground2 },
})

interface Props<Row> extends Freshness {
  title: string
  intro: string
  /** What has just happened, for the live region. */
  announcement: ReactNode
  add: { readonly label: string; readonly disabled?: boolean; readonly onAdd: () => void }
  heading: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  /** Replaces the table while there are no rows. */
  empty: { readonly title: string; readonly text: string }
  hint: ReactNode
  /** The open dialog, if any. */
  children: ReactNode
}

/** A page under Tenant Settings with a list that an admin adds to and removes from. */
export function CollectionPage<Row extends { readonly id: string }>(props: Props<Row>) {
  const styles = useStyles()
  const t = useTranslate()
  const { title, add, rows, empty, refreshError } = props
  return (
    <Page width="table">
      <PageIntro parent={<TenantSettingsLink />} title={title}>
        {props.intro}
      </PageIntro>
      <LiveRegion>
        {refreshError && (
          <FailureBar error={refreshError} onRetry={props.onRefresh}>
            <span>{t('ui.may-be-stale')}</span>
          </FailureBar>
        )}
        {props.announcement}
      </LiveRegion>
      <div>
        <Button
          appearance="primary"
          icon={<AddRegular />}
          disabledFocusable={add.disabled ?? false}
          onClick={add.onAdd}
        >
          {add.label}
        </Button>
      </div>
      {rows.length === 0 ? (
        <Surface title={empty.title}>
          <p className={styles.text}>{empty.text}</p>
        </Surface>
      ) : (
        <Surface title={props.heading}>
          <DataTable label={props.heading} columns={props.columns} rows={rows} rowKey={({ id }) => id} />
        </Surface>
      )}
      <p className={styles.hint}>{props.hint}</p>
      {props.children}
    </Page>
  )
}
