/** SQL expression for the state that people see: the rule of `visibleStatus`. */
export const VISIBLE_STATUS =
  "CASE WHEN status = 'running' AND (json_array_length(record, '$.questions') > 0 OR json_type(record, '$.waiting_for') IS NOT NULL) THEN 'waiting' ELSE status END";
