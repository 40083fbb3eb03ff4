console.log("viva")
