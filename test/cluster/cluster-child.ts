// Starts a cluster, says where and with what, and waits to be killed.
import { startCluster } from "./cluster.ts";

const { apiServer, folder } = await startCluster();
console.log(JSON.stringify({ folder, access: apiServer.access() }));
