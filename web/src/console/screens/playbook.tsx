import { Empty } from "../ui/basic";
import { t } from "../words";

export function Playbook() {
  return <Empty title={t("ui.missing")} />;
}
