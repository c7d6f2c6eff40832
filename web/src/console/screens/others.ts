// The screens that are fetched after the first, in one file.
export { Captcha } from "./captcha";
export { Lanes } from "./lanes";
export { Log } from "./log";
export { Operators } from "./operators";
export { Playbook } from "./playbook";
export { Queues } from "./queues";
export { Rehearse } from "./rehearse";
