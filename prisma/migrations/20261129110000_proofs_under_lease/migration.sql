-- The process that proves what Microsoft granted renews this. Once it has passed, that process is gone, and so is the proof.
ALTER TABLE "consents" ADD COLUMN     "proof_until" TIMESTAMPTZ(3);
