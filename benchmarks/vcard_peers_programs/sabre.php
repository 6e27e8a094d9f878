<?php
// Reads a file of cards with sabre/vobject: php sabre.php AUTOLOAD FILE ROUNDS.
error_reporting(E_ERROR);
[, $autoload, $file, $rounds] = $argv;
require $autoload;
$seconds = [];
$cards = 0;
for ($round = 0; $round <= (int) $rounds; $round++) {
    $begun = hrtime(true);
    $cards = 0;
    $splitter = new Sabre\VObject\Splitter\VCard(fopen($file, 'r'));
    while ($splitter->getNext()) {
        $cards++;
    }
    $seconds[] = (hrtime(true) - $begun) / 1e9;
}
echo json_encode(['cards' => $cards, 'seconds' => array_slice($seconds, 1)]), "\n";
