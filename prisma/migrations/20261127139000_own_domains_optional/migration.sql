-- As the schema has it: a list without a value is an empty one.
ALTER TABLE "sending_limits" ALTER COLUMN "internal_domains" DROP NOT NULL;
