"""Where the rows of merged clients go today: one client may be merged on after the other."""

# WITH RECURSIVE items; `heirs` has a row per merged client with the client it ended up in.
HEIRS = """
merged_on(first, id) AS (
    SELECT m.id, m.merged_into_id FROM clientgroups_client m WHERE m.merged_into_id IS NOT NULL
     UNION
    SELECT o.first, m.merged_into_id FROM merged_on o
      JOIN clientgroups_client m ON m.id = o.id WHERE m.merged_into_id IS NOT NULL
), heirs AS (
    SELECT o.first, o.id FROM merged_on o
      JOIN clientgroups_client m ON m.id = o.id WHERE m.merged_into_id IS NULL
)"""
