// What is wrong with what is typed into the forms of accounts; the gateway looks again.

/** Shortest password that is taken. */
export const shortest = 12;

/** The mistake in a name, by the key of its words; "" for none. */
export function nameMistake(name: string): string {
  if (name === "" || name.length > 64) return "operators.mistake.length";
  if (!/^[a-z0-9._@-]+$/.test(name)) return "operators.mistake.letters";
  return ["daero", "local"].includes(name) ? "operators.mistake.reserved" : "";
}

/** The mistake in a new password and its repetition. */
export function passwordMistake(password: string, again: string): string {
  if ([...password].length < shortest) return "operators.mistake.short";
  return password === again ? "" : "operators.mistake.again";
}
