import { openDatabase } from "../../../../server/src/store/embedded/database.ts";

// Opens a data file and holds it until it is killed.
const [, , dataPath = ""] = process.argv;
openDatabase(dataPath);
process.send?.("open");
setInterval(() => {}, 60_000);
