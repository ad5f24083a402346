import { Button } from '@fluentui/react-components'
import { Component, type ReactNode } from 'react'
import { useTranslate } from '../language/language.tsx'
import { PageState } from '../ui/page-state.tsx'

/** Catches defects of the page, and parts of it that fail to load because the server has a newer build. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true }
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children
    return <Broken />
  }
}

function Broken() {
  const t = useTranslate()
  return (
    <main>
      <PageState
        title={t('shell.broken.title')}
        actions={
          <Button appearance="primary" onClick={() => location.reload()}>
            {t('ui.reload')}
          </Button>
        }
      >
        <span role="alert">{t('shell.broken.text')}</span>
      </PageState>
    </main>
  )
}
