import { afterAll, beforeAll } from 'vitest'
import { createDeliveryGround, type DeliveryGround } from './delivery-ground.ts'
import type { TestClock } from './test-clock.ts'
import { createTestGround, forget, type TestGround, type TestProduct } from './test-product.ts'
import { connectMailbox, createServiceClient, type ServiceClient } from './test-service.ts'
import { createUploadGround, type UploadGround } from './upload-ground.ts'

// What most tests begin with. Each function registers the hooks of the file, or of the `describe` it is called in; what it
// returns is filled in before the first test.

/** A simulated Microsoft and a database, on which each test starts what it needs. */
export function useGround(): TestGround {
  const ground = {} as TestGround
  beforeAll(async () => void Object.assign(ground, await createTestGround()))
  afterAll(async () => {
    await ground.close()
    forget(ground)
  })
  return ground
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
} = {}): { ground: TestGround; product: TestProduct; service: ServiceClient } {
  const ground = {} as TestGround
  const product = {} as TestProduct
  const service = {} as ServiceClient
  beforeAll(async () => {
    Object.assign(ground, await createTestGround(clock && { clock }))
    Object.assign(product, await ground.startProduct({ environment }))
    const admin = mailbox && (await connectMailbox(product, mailbox))
    Object.assign(service, await createServiceClient(product, { admin }))
  })
  afterAll(async () => {
    await ground.close()
    forget(ground, product, service)
  })
  return { ground, product, service }
}

/** Starts a product that delivers, on a clock that only the test moves. */
export function useDeliveryGround(options?: Parameters<typeof createDeliveryGround>[0]): DeliveryGround {
  const ground = {} as DeliveryGround
  beforeAll(async () => void Object.assign(ground, await createDeliveryGround(options)))
  afterAll(async () => {
    await ground.close()
    forget(ground)
  })
  return ground
}

/** Starts a product that may send large attachments, on a clock that only the test moves. */
export function useUploadGround(options?: Parameters<typeof createUploadGround>[0]): UploadGround {
  const ground = {} as UploadGround
  beforeAll(async () => void Object.assign(ground, await createUploadGround(options)))
  afterAll(async () => {
    await ground.close()
    forget(ground)
  })
  return ground
}
