-- While fewer than two percent of the pages have dead rows, a vacuum would leave their index entries, and with them the
-- rows' pages. The last of these keeps all free space before it from the disk, until the next burst.
ALTER TABLE "message_chunks" SET (vacuum_index_cleanup = on, toast.vacuum_index_cleanup = on);
