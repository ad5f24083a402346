import { createDeliveryFixture, type DeliveryFixture } from './delivery-fixture.ts'
import type { TestClock } from './test-clock.ts'
import {
  createTestFixture,
  startMicrosoft,
  type TestFixture,
  type TestMicrosoft,
  type TestProduct,
} from './test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from './test-service.ts'
import { createUploadFixture, type UploadFixture } from './upload-fixture.ts'
import { forget, useCreated } from './use-created.ts'

// What most tests of a product begin with.

const close = (fixture: { close(): Promise<void> }) => fixture.close()

/** A simulated Microsoft and a database, on which each test starts what it needs. */
export const useFixture = (options?: Parameters<typeof createTestFixture>[0]): TestFixture =>
  useCreated(() => createTestFixture(options), close)

/** A simulated Microsoft alone. */
export const useMicrosoft = (now: () => Date): TestMicrosoft =>
  useCreated(() => startMicrosoft({ clock: { now } }), close)

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
  const product = {} as TestProduct
  const service = {} as ServiceClient
  const fixture = useCreated(
    async () => {
      const created = await createTestFixture(clock && { clock })
      Object.assign(product, await created.startProduct({ environment }))
      const admin = mailbox && (await connectMailbox(product, mailbox))
      Object.assign(service, await createServiceClient(product, { admin }))
      return created
    },
    async (created) => {
      await created.close()
      forget(product, service)
    },
  )
  return { fixture, product, service }
}

/** Starts a product that delivers, on a clock that only the test moves. */
export const useDeliveryFixture = (options?: Parameters<typeof createDeliveryFixture>[0]): DeliveryFixture =>
  useCreated(() => createDeliveryFixture(options), close)

/** Starts a product that may send large attachments, on a clock that only the test moves. */
export const useUploadFixture = (options?: Parameters<typeof createUploadFixture>[0]): UploadFixture =>
  useCreated(() => createUploadFixture(options), close)
