// A window that an application opened for the import closes itself when nothing is left to do in it. Browsers ignore
// this for a window that the user opened.
setTimeout(() => window.close(), 2000);
