/** Car, driver, team and manufacturer of the made-up race, in the order in which they run. */
export const FIXTURE_FIELD: readonly (readonly [string, string, string, string])[] = [
  ["24", "Alexander Vandersteen-Whitfield III", "Hollow Creek Motorsport", "Chevrolet"],
  ["5", "Kip Larrabee", "Hollow Creek Motorsport", "Chevrolet"],
  ["11", "Dante Hamill", "Gibraltar Racing", "Toyota"],
  ["12", "Ray Blanchette", "Pentagon Racing", "Ford"],
  ["22", "Joe Lagarde", "Pentagon Racing", "Ford"],
  ["19", "Martin Truxton Jr.", "Gibraltar Racing", "Toyota"],
  ["45", "Tyler Reddington", "Two-Three Eleven", "Toyota"],
  ["1", "Ross Chastity", "Trackhaus", "Chevrolet"],
  ["9", "Chase Elliston", "Hollow Creek Motorsport", "Chevrolet"],
  ["20", "Christopher Bellweather", "Gibraltar Racing", "Toyota"],
  ["6", "Brad Keslow", "Rushmore Fenwick", "Ford"],
  ["17", "Chris Beecher", "Rushmore Fenwick", "Ford"],
  ["23", "Bubba Wallingford", "Two-Three Eleven", "Toyota"],
  ["48", "Alex Bowmont", "Hollow Creek Motorsport", "Chevrolet"],
  ["8", "Kyle Buschmann", "Richmond Chandler Racing", "Chevrolet"],
  ["47", "Ricky Stenhousen Jr.", "JTG Dougherty", "Chevrolet"],
  ["3", "Austin Dylan", "Richmond Chandler Racing", "Chevrolet"],
  ["54", "Ty Gibbons", "Gibraltar Racing", "Toyota"],
  ["43", "Erik Joneson", "Legacy", "Toyota"],
  ["42", "John Hunter Nemecheck", "Legacy", "Toyota"],
  ["2", "Austin Cindrick", "Pentagon Racing", "Ford"],
  ["14", "Chase Brisk", "Stewart-Hauser", "Ford"],
  ["4", "Josh Barry", "Stewart-Hauser", "Ford"],
  ["10", "Noah Graygson", "Stewart-Hauser", "Ford"],
  ["41", "Ryan Preeston", "Stewart-Hauser", "Ford"],
  ["34", "Michael McDowd", "Front Rank", "Ford"],
  ["38", "Todd Gillian", "Front Rank", "Ford"],
  ["7", "Corey LaJeune", "Spyre", "Chevrolet"],
  ["77", "Carson Hocevarius", "Spyre", "Chevrolet"],
  ["71", "Zane Smithfield", "Spyre", "Chevrolet"],
  ["16", "A. J. Allmending", "Kaulig", "Chevrolet"],
  ["31", "Daniel Hemrich", "Kaulig", "Chevrolet"],
  ["99", "Daniel Suarzo", "Trackhaus", "Chevrolet"],
  ["21", "Harrison Burtonwood", "Wood & Sons", "Ford"],
  ["51", "Justin Haleigh", "Rick Warden", "Ford"],
  ["15", "Kaz Grayling", "Rick Warden", "Ford"],
  ["78", "B. J. McLoud", "Live Quick", "Chevrolet"],
  ["44", "J. J. Yeely", "NY Racing", "Chevrolet"],
  ["66", "Timmy Hillier", "MBM", "Ford"],
  ["62", "Anthony Alfredini", "Bearded", "Chevrolet"],
];

/** The last lap that all have completed. */
export const FIXTURE_LAP = 57;
export const FIXTURE_START_MS = 1_750_000_000_000;
export const TRACK_M = 2_414;
export const GREEN_KG = 0.97;
export const LAP_MS = 31_400;
