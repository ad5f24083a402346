-- The process that owns a mailbox keeps its turns and its next place in memory.
DROP TABLE mailbox_turns;
