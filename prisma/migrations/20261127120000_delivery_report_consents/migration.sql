-- How often each source of delivery reports was switched off: what was asked for before does not switch it on again.
ALTER TABLE "tenant_settings" ADD COLUMN     "bounces_switched_off" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "trace_switched_off" INTEGER NOT NULL DEFAULT 0;
-- The sources that a consent is to switch on, each as that number when the consent began; null where it is not asked for.
ALTER TABLE "consents" ADD COLUMN     "asks_bounces" INTEGER,
ADD COLUMN     "asks_trace" INTEGER;
