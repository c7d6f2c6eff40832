import { Empty } from "../ui/basic";
import { t } from "../words";

export function Login() {
  return <Empty title={t("ui.missing")} />;
}
