-- How many texts match decides how a search reads them. By its default the planner knows shares by hundredths: of a million
-- texts it expects 10,000 alike where 3,000 match and where 28,000 do.
ALTER TABLE message_texts ALTER COLUMN searched SET STATISTICS 1000;
