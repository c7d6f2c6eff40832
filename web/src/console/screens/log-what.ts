// What can have happened, as the record's words have it; a test compares them with Go's.
export const groups: [group: string, names: string[]][] = [
  ["level", "changed pinned unpinned"],
  ["action", "entered moved left failed stopped started"],
  ["playbook", "paused resumed"],
  ["lane", "ordered released ramped"],
  ["signal", "lost back"],
  ["relay", "paused resumed peeked redriving redriven redrive_stopped dead_lettered dead_letters_full circuit_opened circuit_closed delivery_paused delivery_resumed delivery_throttled key_parked hot_key head_of_line messages_lost place_lost retention_near retention_lengthened retention_not_lengthened spool_used spool_drained spool_damaged spool_poisoned spool_rejected fenced handler_panicked consume_failed"],
  ["rehearsal", "started ended removed"],
  ["captcha", "site_added site_changed site_removed site_restored secret_rotated secret_back"],
  ["operator", "login logout refused added removed link_made password_set session_revoked"],
  ["fleet", "raised eased alone heard twin"],
  ["plan", "applied withdrawn"],
  ["audit", "pruned lost"],
].map(([group, names]) => [group!, names!.split(" ")]);

export const whats = (): string[] => groups.flatMap(([group, names]) => names.map((name) => `${group}.${name}`));
