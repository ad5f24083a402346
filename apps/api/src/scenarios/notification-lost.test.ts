import { beforeAll, expect, it } from 'vitest'
import { connectMailbox, createServiceClient, type ServiceClient } from '../test-support/test-service.ts'
import { useFixture } from '../test-support/use-fixture.ts'

/** Takes the place of the database's own function. */
const LOSE_NOTIFICATIONS = `
CREATE SCHEMA deaf;
CREATE TABLE deaf.lost (channel text);
CREATE FUNCTION deaf.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'INSERT INTO deaf.lost VALUES ($1)';
GRANT USAGE ON SCHEMA deaf TO PUBLIC;
GRANT INSERT ON deaf.lost TO PUBLIC;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = deaf, pg_catalog, public', current_database()); END $$`

let service: ServiceClient
const fixture = useFixture()
beforeAll(async () => {
  await fixture.database.query(LOSE_NOTIFICATIONS)
  const product = await fixture.startProduct({})
  await connectMailbox(product, {})
  service = await createServiceClient(product)
})

it('sends a message whose notification was lost', async () => {
  const { id } = await service.submit({ subject: 'Unheard' })
  expect(await service.untilEnded(id)).toMatchObject({ status: 'sent' })
  await expect.poll(() => fixture.database.query('SELECT FROM deaf.lost')).not.toEqual([])
})
