import { Empty } from "../ui/basic";
import { t } from "../words";

export function Queues() {
  return <Empty title={t("ui.missing")} />;
}
