import { Button } from '@fluentui/react-components'
import { Component, type ReactNode } from 'react'
import { PageState } from '../ui/page-state.tsx'

/** Catches defects of the page, and chunks that fail to load because the server has a newer build. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false }

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true }
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children
    return (
      <main>
        <PageState
          title="Something went wrong in this page"
          actions={
            <Button appearance="primary" onClick={() => location.reload()}>
              Reload
            </Button>
          }
        >
          <span role="alert">The settings on the server are as they were. Reload the page to go on.</span>
        </PageState>
      </main>
    )
  }
}
