import { Empty } from "../ui/basic";
import { t } from "../words";

export function Rehearse() {
  return <Empty title={t("ui.missing")} />;
}
