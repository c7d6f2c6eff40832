import { Loading } from "../ui/basic";

export function Now() {
  return <Loading />;
}
