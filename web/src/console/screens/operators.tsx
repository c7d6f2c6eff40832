import { Empty } from "../ui/basic";
import { t } from "../words";

export function Operators() {
  return <Empty title={t("ui.missing")} />;
}
