-- The product runs its background work by itself; the schema of the library that did so until 1.5 goes.
CREATE TABLE "background_tasks" (
    "name" TEXT NOT NULL,
    "begun_at" TIMESTAMPTZ(3),
    "lease" TEXT,

    CONSTRAINT "background_tasks_pkey" PRIMARY KEY ("name")
);

DROP SCHEMA IF EXISTS background_work CASCADE;
