import { afterAll, beforeAll } from 'vitest'
import { createDeliveryFixture, type DeliveryFixture } from './delivery-fixture.ts'
import type { TestClock } from './test-clock.ts'
import { createTestFixture, forget, type TestFixture, type TestProduct } from './test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from './test-service.ts'
import { createUploadFixture, type UploadFixture } from './upload-fixture.ts'

// What most tests begin with. Each function registers the hooks of the file, or of the `describe` it is called in; what it
// returns is filled in before the first test.

/** A simulated Microsoft and a database, on which each test starts what it needs. */
export function useFixture(options?: Parameters<typeof createTestFixture>[0]): TestFixture {
  const fixture = {} as TestFixture
  beforeAll(async () => void Object.assign(fixture, await createTestFixture(options)))
  afterAll(async () => {
    await fixture.close()
    forget(fixture)
  })
  return fixture
}

/** A product, with one service that may do everything; by default it only serves requests, and no mailbox is connected. */
export function useProduct({
  environment = { ROLE: 'api' },
  clock,
  mailbox,
}: {
  environment?: Record<string, string>
  clock?: TestClock
  /** Connects a mailbox of Ada's with these settings. */
  mailbox?: { fromEmail?: string; largeAttachments?: boolean }
} = {}): { fixture: TestFixture; product: TestProduct; service: ServiceClient } {
  const fixture = {} as TestFixture
  const product = {} as TestProduct
  const service = {} as ServiceClient
  beforeAll(async () => {
    Object.assign(fixture, await createTestFixture(clock && { clock }))
    Object.assign(product, await fixture.startProduct({ environment }))
    const admin = mailbox && (await connectMailbox(product, mailbox))
    Object.assign(service, await createServiceClient(product, { admin }))
  })
  afterAll(async () => {
    await fixture.close()
    forget(fixture, product, service)
  })
  return { fixture, product, service }
}

/** Starts a product that delivers, on a clock that only the test moves. */
export function useDeliveryFixture(options?: Parameters<typeof createDeliveryFixture>[0]): DeliveryFixture {
  const fixture = {} as DeliveryFixture
  beforeAll(async () => void Object.assign(fixture, await createDeliveryFixture(options)))
  afterAll(async () => {
    await fixture.close()
    forget(fixture)
  })
  return fixture
}

/** Starts a product that may send large attachments, on a clock that only the test moves. */
export function useUploadFixture(options?: Parameters<typeof createUploadFixture>[0]): UploadFixture {
  const fixture = {} as UploadFixture
  beforeAll(async () => void Object.assign(fixture, await createUploadFixture(options)))
  afterAll(async () => {
    await fixture.close()
    forget(fixture)
  })
  return fixture
}
