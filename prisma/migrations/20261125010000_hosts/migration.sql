-- AlterTable
ALTER TABLE "installation" ADD COLUMN     "authority_host" TEXT,
ADD COLUMN     "graph_base_url" TEXT;
