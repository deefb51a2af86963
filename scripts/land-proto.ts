// Makes the contract as it is now the one that later changes are compared with. Run it with
// a landing and never to silence the breaking check.
import { buildImage, landedImage } from "./proto-image.ts";

buildImage(landedImage);
console.log("contract: proto/landed.binpb is the contract as it is now");
