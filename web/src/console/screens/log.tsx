import { Empty } from "../ui/basic";
import { t } from "../words";

export function Log() {
  return <Empty title={t("ui.missing")} />;
}
