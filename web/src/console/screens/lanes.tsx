import { Loading } from "../ui/basic";

export function Lanes() {
  return <Loading />;
}
